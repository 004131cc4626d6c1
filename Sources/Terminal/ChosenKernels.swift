import DiffusionPlatform
import KernelTable
import TensorCore

/// The kernels for this CPU, or those that SAMPLE_KERNELS selects.
///
/// - Throws: `UnknownKernels` if this CPU cannot run them.
public func chosenKernels() throws -> KernelTable {
  guard let name = getenv("SAMPLE_KERNELS").map({ String(cString: $0) }), !name.isEmpty else {
    return KernelChoice.current
  }
  guard let table = KernelChoice.table(named: name) else {
    throw UnknownKernels(name: name)
  }
  return table
}

/// SAMPLE_KERNELS selects kernels that this CPU cannot run.
public struct UnknownKernels: Error, CustomStringConvertible {
  /// The value of the variable.
  public let name: String

  /// One sentence that says what to set instead.
  public var description: String {
    let names = KernelChoice.available.map(\.name).joined(separator: ", ")
    return "SAMPLE_KERNELS=\(name): this CPU runs \(names); set one of them, or unset it"
  }
}
