import TensorCore

/// The names of the kernel tables that this machine runs, for parameterised tests.
let tableNames = KernelChoice.available.map(\.name)

/// Runs `body` with the kernel table of that name.
func withTable<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
  try KernelChoice.$current.withValue(KernelChoice.table(named: name)!, operation: body)
}
