import CDiffusionProcessor
import KernelTable
import KernelsBaseline

#if canImport(KernelsAVX512)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The kernel tables of this binary that run on this CPU, and the one in use.
public enum KernelChoice {
  /// The tables that this CPU can run, slowest first; `baseline` is always among them.
  public static let available: [KernelTable] = {
    var tables = [KernelsBaseline.kernelTable()]
    #if canImport(KernelsAVX512)
      if cpu_runs_x86_64_v3() != 0 { tables.append(KernelsAVX2.kernelTable()) }
      if cpu_runs_x86_64_v4() != 0 { tables.append(KernelsAVX512.kernelTable()) }
    #endif
    return tables
  }()

  /// The table that operations use: the fastest available one, unless a task chooses another
  /// (`KernelChoice.$current.withValue(table) { … }`).
  @TaskLocal public static var current: KernelTable = available[available.count - 1]

  /// The available table of that name, or nil.
  public static func table(named name: String) -> KernelTable? {
    available.first { $0.name == name }
  }
}
