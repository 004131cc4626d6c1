import Synchronization

/// Where the time of forward passes goes: calls, time and arithmetic for each kind and size of layer.
///
///     let profile = LayerProfile()
///     LayerProfile.$current.withValue(profile) { _ = unet(x, timesteps: t) }
public final class LayerProfile: Sendable {
  /// The profile that layers report to; usually nil.
  @TaskLocal public static var current: LayerProfile?

  /// The totals of one kind and size of layer.
  public struct Entry: Sendable {
    /// For instance `convolution 3×3, 128 → 128, 32×32`.
    public let name: String
    /// The number of calls.
    public fileprivate(set) var calls = 0
    /// The total time.
    public fileprivate(set) var time = Duration.zero
    /// The total of additions and multiplications that the algorithm used takes at least: of products, and of
    /// Winograd's transforms. Normalisation, activations and softmax are not counted.
    public fileprivate(set) var operations = 0
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// Whether a layer is being timed: layers that it calls count as part of it.
    var isInside = false
  }

  private let state = Mutex(State())

  /// An empty profile.
  public init() {}

  /// The totals so far, longest time first.
  public var entries: [Entry] {
    state.withLock { $0.entries.values.sorted { ($1.time, $0.name) < ($0.time, $1.name) } }
  }

  /// Runs `layer` and reports its time if there is a current profile.
  ///
  /// - Parameters:
  ///   - name: the kind and size of the layer.
  ///   - operations: the additions and multiplications that it takes at least; two for each multiply-add.
  ///   - layer: computes it.
  static func measure<R>(_ name: () -> String, operations: @autoclosure () -> Int = 0, _ layer: () -> R) -> R {
    guard let current else { return layer() }
    let isOutermost = current.state.withLock { state in
      defer { state.isInside = true }
      return !state.isInside
    }
    guard isOutermost else { return layer() }
    let start = ContinuousClock.now
    let result = layer()
    let time = ContinuousClock.now - start
    let (name, operations) = (name(), operations())
    current.state.withLock { state in
      state.isInside = false
      state.entries[name, default: Entry(name: name)].calls += 1
      state.entries[name]?.time += time
      state.entries[name]?.operations += operations
    }
    return result
  }
}

/// `32×32`.
func sizeText(_ size: some Sequence<Int>) -> String { size.map(String.init).joined(separator: "×") }
