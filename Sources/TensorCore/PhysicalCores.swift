import CProcessor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ThreadPool {
  /// The physical cores that this process may use: hyperthreads of one core share its arithmetic units, and a second
  /// thread there gains nothing.
  public static let physicalCores: Int = {
    #if os(Linux)
      var processors = [Int32](repeating: 0, count: 1024)
      let count = cpu_allowed(&processors, Int32(processors.count))
      guard count > 0 else { return onlineProcessors }
      // Hyperthreads of one core name the same list of siblings.
      let cores = Set(processors[..<Int(count)].map { siblings(of: $0) ?? "cpu\($0)" })
      return max(1, cores.count)
    #else
      return onlineProcessors
    #endif
  }()

  private static var onlineProcessors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  #if os(Linux)
    private static func siblings(of processor: Int32) -> String? {
      let path = "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"
      let file = open(path, O_RDONLY)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var text = [UInt8](repeating: 0, count: 256)
      let length = read(file, &text, text.count)
      return length > 0 ? String(decoding: text[..<length], as: UTF8.self) : nil
    }
  #endif
}
