import TensorCore

/// The tables this machine runs, by name, as arguments of parameterised tests.
let tableNames = KernelChoice.available.map(\.name)

/// Runs `body` with the operations on the table of that name.
func withTable<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
  try KernelChoice.$current.withValue(KernelChoice.table(named: name)!, operation: body)
}
