import Foundation

/// Tests that run the release binary in a folder of their own, which they must clean up.
protocol RunsSample {
  var folder: URL { get }
}

/// A fresh folder.
func temporaryFolder() throws -> URL {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("sample-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}

struct SampleResult {
  let status: Int32
  let output: [UInt8]
  let errors: String
}

/// A process, and where its words go.
struct RunningSample {
  let process: Process
  let streams: URL
  let out: URL
  let err: URL

  func wait() throws -> SampleResult {
    process.waitUntilExit()
    defer { try? FileManager.default.removeItem(at: streams) }
    return SampleResult(
      status: process.terminationStatus, output: [UInt8](try Data(contentsOf: out)),
      errors: String(decoding: try Data(contentsOf: err), as: UTF8.self))
  }
}

/// The binary that `make test` has built, or the one beside the tests.
private let binary: URL = {
  if let path = ProcessInfo.processInfo.environment["SAMPLE_BINARY"] { return URL(fileURLWithPath: path) }
  return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("sample")
}()

extension RunsSample {
  /// Runs `sample` with the words of `line`, typed as in a shell without quotes.
  @discardableResult
  func run(_ line: String, environment: [String: String] = [:]) throws -> SampleResult {
    try start(line, environment: environment).wait()
  }

  /// Runs `sample` or `train` with words that may hold anything.
  func run(_ program: String, words: [String]) throws -> SampleResult {
    try start(
      binary.deletingLastPathComponent().appendingPathComponent(program), words,
      environment: ProcessInfo.processInfo.environment
    ).wait()
  }

  /// Runs a line as typed in a shell, which finds `sample` and `train`.
  func shell(_ line: String, environment: [String: String] = [:]) throws -> SampleResult {
    var all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    all["PATH"] = "\(binary.deletingLastPathComponent().path):\(all["PATH"] ?? "/usr/bin:/bin")"
    return try start(URL(fileURLWithPath: "/bin/bash"), ["-c", line], environment: all).wait()
  }

  /// Starts `sample` and does not wait for it.
  func start(_ line: String, environment: [String: String] = [:]) throws -> RunningSample {
    try start(
      binary, line.split(separator: " ").map(String.init),
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
  }

  /// Runs `train`, which is built beside `sample`.
  ///
  /// - Parameter subfolder: the working directory, in `folder`.
  func runTrain(_ line: String, in subfolder: String = "") throws -> SampleResult {
    try start(
      binary.deletingLastPathComponent().appendingPathComponent("train"), line.split(separator: " ").map(String.init),
      environment: ProcessInfo.processInfo.environment, in: subfolder
    ).wait()
  }

  fileprivate func start(
    _ program: URL, _ arguments: [String], environment: [String: String], in subfolder: String = ""
  ) throws -> RunningSample {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = subfolder.isEmpty ? folder : folder.appendingPathComponent(subfolder)
    process.environment = environment
    // Files, not pipes, so that nothing waits for a reader; elsewhere, so that they are not among what was drawn.
    let streams = try temporaryFolder()
    let (out, err) = (streams.appendingPathComponent("stdout"), streams.appendingPathComponent("stderr"))
    for file in [out, err] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    return RunningSample(process: process, streams: streams, out: out, err: err)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  func cleanUp() { try? FileManager.default.removeItem(at: folder) }
}

/// Whether programs can be run on a terminal that is none.
let hasPseudoTerminals = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")

extension RunsSample {
  /// Runs `sample` as typed in a shell, on a terminal of its own; the output is what that is shown.
  ///
  /// - Parameter seconds: after which Ctrl-C is pressed.
  func runOnTerminal(
    _ line: String, _ variables: [String: String], columns: Int = 80, lines: Int = 24,
    interruptedAfter seconds: Int? = nil
  ) throws -> SampleResult {
    let interruption = seconds.map { "timeout --foreground --signal=INT \($0) " } ?? ""
    var environment = ProcessInfo.processInfo.environment
    for name in ["COLORTERM", "NO_COLOR", "KITTY_WINDOW_ID", "TERM_PROGRAM", "TMUX", "STY"] { environment[name] = nil }
    environment["TERM"] = "xterm"
    return try start(
      URL(fileURLWithPath: "/usr/bin/script"),
      ["-qec", "stty columns \(columns) rows \(lines); \(interruption)\(binary.path) \(line)", "/dev/null"],
      environment: environment.merging(variables) { $1 }
    ).wait()
  }
}
