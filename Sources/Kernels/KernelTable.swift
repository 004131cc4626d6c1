import KernelTable

public func kernelTable() -> KernelTable { KernelTable() }
