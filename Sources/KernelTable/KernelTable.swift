/// One table of kernels.
public struct KernelTable: Sendable {
  public init() {}
}
