/* child_environment.h - the environment that a child gets. */
#ifndef ZC_IO_CHILD_ENVIRONMENT_H
#define ZC_IO_CHILD_ENVIRONMENT_H

#define ZC_WITHHELD_MAX       256
#define ZC_WITHHELD_NAME_SIZE 129

/* From now on no child inherits the variable of that name; an addition may still set it. The list
 * is the process's, as the environment is, and for the loop's thread only. ZC_EINVAL where the name
 * is too long or empty, ZC_ECONFLICT where there are too many. */
int zc_child_environment_withhold(const char *name);

/* Ours without what is withheld, with the additions ("NAME=value", ended by NULL; NULL: none) in
 * the place of variables of the same name; of two such additions the last one counts. The array is
 * the caller's to free, its texts are borrowed. ZC_EINVAL where an addition has no name, ZC_ENOMEM.
 */
int zc_child_environment(const char *const *additions, char ***ret);

#endif
