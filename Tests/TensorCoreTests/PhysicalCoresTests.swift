import Testing

@testable import TensorCore

#if os(Linux)
  struct PhysicalCoresTests {
    @Test(arguments: [
      ("max 100000", nil), ("-1\n 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("1000 100000", 1),
      ("", nil), ("5", nil), ("x y", nil), ("5 0", nil),
    ])
    func quotas(text: String, cores: Int?) { #expect(ThreadPool.cores(ofQuota: text) == cores) }

    @Test func atLeastOne() { #expect(ThreadPool.physicalCores >= 1) }
  }
#endif
