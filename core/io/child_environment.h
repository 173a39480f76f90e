/* child_environment.h - the environment that a child gets. */
#ifndef ZC_IO_CHILD_ENVIRONMENT_H
#define ZC_IO_CHILD_ENVIRONMENT_H

/* Ours with the additions ("NAME=value", ended by NULL; NULL: none) in the place of variables of
 * the same name; of two such additions the last one counts. The array is the caller's to free, its
 * texts are borrowed. ZC_EINVAL where an addition has no name, ZC_ENOMEM. */
int zc_child_environment(const char *const *additions, char ***ret);

#endif
