#include "analysis/utf8.h"

#include <stdint.h>

size_t utf8_length(const char *at)
{
	static const struct { uint8_t mask, lead; size_t length; uint32_t least; } kinds[] = {
		{ 0x80, 0x00, 1, 0x20 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 },
	};
	const unsigned char *bytes = (const unsigned char *)at;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		uint32_t code = bytes[0] & (uint8_t)~kinds[k].mask;

		if ((bytes[0] & kinds[k].mask) != kinds[k].lead)
			continue;
		for (size_t i = 1; i < kinds[k].length; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (bytes[i] & 0x3f);
		}
		if (code < kinds[k].least || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000) ||
		    code == 0xfffe || code == 0xffff || code > 0x10ffff)
			return 0;
		return kinds[k].length;
	}
	return 0;
}
