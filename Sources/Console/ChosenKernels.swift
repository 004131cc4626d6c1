import KernelTable
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The kernels for this CPU, unless the environment forces others.
///
/// - Throws: `SettingsError` for kernels that this CPU does not run.
public func chosenKernels() throws -> KernelTable {
  guard let name = getenv("SAMPLE_KERNELS").map({ String(cString: $0) }), !name.isEmpty else {
    return KernelChoice.current
  }
  guard let table = KernelChoice.table(named: name) else {
    let names = KernelChoice.available.map(\.name).joined(separator: ", ")
    throw SettingsError("SAMPLE_KERNELS=\(name): this CPU runs \(names); set one of them, or unset it")
  }
  return table
}
