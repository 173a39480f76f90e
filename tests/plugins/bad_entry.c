/* A shared object that is no plugin. */
int not_an_entry(void);

__attribute__((visibility("default"))) int not_an_entry(void) {
  return 0;
}
