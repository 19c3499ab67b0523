// What AddressSanitizer builds need; linked into every program of one. Vulkan drivers keep memory
// until the process ends (LLVM's tables and compiled code), and a leak can be told to be theirs
// only while their libraries are still loaded.

extern "C" {

/// In place of the C library's: the Vulkan loader unloads drivers before leaks are looked for.
__attribute__((visibility("default"))) int dlclose(void* /*library*/) {
  return 0;
}

__attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libLLVM\n"
         "leak:libvulkan_lvp\n"
         "leak:libVkLayer_khronos_validation\n";
}

/// Freed memory is held back in smaller measure, so that a test can see whether memory grows.
__attribute__((visibility("default"))) const char* __asan_default_options() {
  return "quarantine_size_mb=16:thread_local_quarantine_size_kb=64";
}
}
