// The C library of the system, whichever it is: `import DiffusionPlatform` in place of a choice among three.

#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Musl)
  @_exported import Musl
#else
  @_exported import Darwin
#endif
