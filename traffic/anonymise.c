/* Bit i of an image is bit i of the address, turned over if the first bit of
 * AES(first i bits of the address, the rest from the padding) says so. */
#include "traffic/anonymise.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/aes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/must.h"

struct anonymiser {
	struct aes128_ctx cipher;
	uint8_t padding[16];
};

struct anonymiser *anonymiser_create(const uint8_t key[ANONYMISE_KEY])
{
	struct anonymiser *a = must_alloc(1, sizeof(*a));

	aes128_set_encrypt_key(&a->cipher, key);
	aes128_encrypt(&a->cipher, 16, a->padding, key + 16);
	return a;
}

void anonymiser_destroy(struct anonymiser *a)
{
	if (!a)
		return;
	explicit_bzero(a, sizeof(*a));
	free(a);
}

static void anonymise(const struct anonymiser *a, const uint8_t *address, unsigned bits, uint8_t *out)
{
	uint8_t block[16], image[16], turned[16] = { 0 };

	memcpy(block, a->padding, 16);
	for (unsigned i = 0; i < bits; i++) {
		if (i) { /* one more bit of the address */
			uint8_t bit = (uint8_t)(0x80 >> (i - 1) % 8);

			block[(i - 1) / 8] = (uint8_t)((block[(i - 1) / 8] & ~bit) | (address[(i - 1) / 8] & bit));
		}
		aes128_encrypt(&a->cipher, 16, image, block);
		turned[i / 8] |= (uint8_t)((image[0] & 0x80) >> i % 8);
	}
	for (unsigned i = 0; i < bits / 8; i++)
		out[i] = address[i] ^ turned[i];
}

uint32_t anonymise4(const struct anonymiser *a, uint32_t address)
{
	uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address };

	anonymise(a, bytes, 32, bytes);
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void anonymise6(const struct anonymiser *a, const uint8_t address[16], uint8_t out[16])
{
	anonymise(a, address, 128, out);
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False if the bytes are no key. */
static bool key_of(const uint8_t *bytes, size_t length, uint8_t key[ANONYMISE_KEY])
{
	if (length == ANONYMISE_KEY) {
		memcpy(key, bytes, ANONYMISE_KEY);
		return true;
	}
	if (length == 2 * ANONYMISE_KEY + 1 && bytes[length - 1] == '\n')
		length--;
	if (length != 2 * ANONYMISE_KEY)
		return false;
	for (size_t i = 0; i < ANONYMISE_KEY; i++) {
		int high = digit(bytes[2 * i]), low = digit(bytes[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

struct anonymiser *anonymiser_open(const char *path, struct err *e)
{
	uint8_t bytes[2 * ANONYMISE_KEY + 2], key[ANONYMISE_KEY];
	struct anonymiser *a = NULL;
	size_t length = 0;
	ssize_t got;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st)) {
		fail(e, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		fail(e, "%s: not a regular file, as a key must be", path);
	} else if (st.st_mode & 0077) {
		fail(e, "%s: the key may be read or written by others than its owner (mode %03o): chmod 600 it", path,
		     (unsigned)(st.st_mode & 0777));
	} else {
		while ((got = read(fd, bytes + length, sizeof(bytes) - length)) > 0)
			length += (size_t)got;
		if (got < 0)
			fail(e, "%s: %s", path, strerror(errno));
		else if (!key_of(bytes, length, key))
			fail(e, "%s: not a key, which is 32 bytes or 64 hexadecimal digits: head -c 32 /dev/urandom makes one", path);
		else
			a = anonymiser_create(key);
	}
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(key, sizeof(key));
	if (fd >= 0)
		close(fd);
	return a;
}
