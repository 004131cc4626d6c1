import DiffusionPlatform
import KernelTable
import TensorCore

/// The kernels for this CPU, unless the environment forces others.
///
/// - Throws: `UnknownKernels` for kernels that this CPU does not run.
public func chosenKernels() throws -> KernelTable {
  guard let name = getenv("SAMPLE_KERNELS").map({ String(cString: $0) }), !name.isEmpty else {
    return KernelChoice.current
  }
  guard let table = KernelChoice.table(named: name) else {
    throw UnknownKernels(name: name)
  }
  return table
}

/// The environment asks for kernels that this CPU does not run.
public struct UnknownKernels: Error, CustomStringConvertible {
  /// As the environment has it.
  public let name: String

  /// One sentence that says what to set instead.
  public var description: String {
    let names = KernelChoice.available.map(\.name).joined(separator: ", ")
    return "SAMPLE_KERNELS=\(name): this CPU runs \(names); set one of them, or unset it"
  }
}
