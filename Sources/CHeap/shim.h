// glibc's own knobs, which the Glibc module leaves out.
#include <malloc.h>
