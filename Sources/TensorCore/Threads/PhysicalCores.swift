import CDiffusionProcessor
import DiffusionPlatform

extension ThreadPool {
  /// The physical cores that this process may use. Hyperthreads share a core's arithmetic units, so a second thread on
  /// a core gains nothing. A container's CPU quota limits the number.
  public static let physicalCores: Int = {
    #if os(Linux)
      var processors = [Int32](repeating: 0, count: 1024)
      let count = cpu_allowed(&processors, Int32(processors.count))
      guard count > 0 else { return onlineProcessors }
      // Hyperthreads of one core have the same list of siblings.
      let cores = Set(processors[..<Int(count)].map { siblings(of: $0) ?? "cpu\($0)" })
      return max(1, min(cores.count, quota() ?? cores.count))
    #else
      return onlineProcessors
    #endif
  }()

  private static var onlineProcessors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  #if os(Linux)
    private static func siblings(of processor: Int32) -> String? {
      contents("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list")
    }

    /// The CPU quota of this process's control group in cores, if there is one (version 2, then version 1).
    private static func quota() -> Int? {
      if let limit = contents("/sys/fs/cgroup/cpu.max") { return cores(ofQuota: limit) }
      guard let quota = contents("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        let period = contents("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
      else { return nil }
      return cores(ofQuota: "\(quota) \(period)")
    }

    /// Converts a quota and a period in microseconds to a number of cores, rounded up; nil if there is no limit (`max`
    /// or -1).
    static func cores(ofQuota text: String) -> Int? {
      let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
      guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
        return nil
      }
      return (quota - 1) / period + 1
    }

    private static func contents(_ path: String) -> String? {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var text = [UInt8](repeating: 0, count: 256)
      let length = read(file, &text, text.count)
      return length > 0 ? String(decoding: text[..<length], as: UTF8.self) : nil
    }
  #endif
}
