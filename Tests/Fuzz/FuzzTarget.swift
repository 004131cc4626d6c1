import CFuzz

/// What strangers' bytes are fed to.
struct FuzzTarget: Sendable {
  let name: String
  /// Bytes that an input may cause to be allocated at once, besides twice its size.
  let allowance: Int
  /// Takes the bytes. Every refusal is an error that is thrown and caught; anything else that goes wrong is a crash.
  let run: @Sendable ([UInt8]) throws -> Void

  init(_ name: String, allowance: Int = 4 << 20, _ run: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.name = name
    self.allowance = allowance
    self.run = run
  }
}

/// All that is fuzzed.
let fuzzTargets = checkpointTargets + descriptionTargets + pictureTargets + logTargets + commandLineTargets

/// The target that was asked for.
nonisolated(unsafe) var running = fuzzTargets[0]

/// Runs the target on one input.
func feed(_ input: UnsafeBufferPointer<UInt8>) {
  let bytes = [UInt8](input)
  fuzz_limit_allocations(2 * bytes.count + running.allowance, bytes.count)
  defer { fuzz_limit_allocations(0, 0) }
  do { try running.run(bytes) } catch {
    // An error that cannot be put into words would be a crash where it is told.
    blackHole("\(error)")
  }
}

/// Keeps the compiler from leaving out what nobody reads.
@inline(never) @_optimize(none) func blackHole<T>(_ value: T) {}
