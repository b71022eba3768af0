// Complex structs instead of C99 _Complex, which Swift cannot import.
#define LAPACK_COMPLEX_STRUCTURE
#include <lapacke.h>
