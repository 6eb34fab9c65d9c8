/* human - numbers as people read them: three digits that matter, and a unit.
 *
 * All return `out`. A number that is not finite gives "-". */
#ifndef ANALYSIS_HUMAN_H
#define ANALYSIS_HUMAN_H

#define HUMAN_TEXT 32

char *human_count(double n, char out[HUMAN_TEXT]);   /* "62.5", "118", "1.18 M"; k, M, G from 10,000 on */
char *human_whole(double n, char out[HUMAN_TEXT]);   /* "91,666,667"; with human_count() beyond 15 digits */
char *human_bytes(double n, char out[HUMAN_TEXT]);   /* "512 B", "7.3 MB"; powers of 1000 */
char *human_share(double ratio, char out[HUMAN_TEXT]); /* "0.12 %"; never rounds to 0 or 100 what is not */

#endif
