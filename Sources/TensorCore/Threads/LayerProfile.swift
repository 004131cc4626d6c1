import Synchronization

/// Where the time of forward passes goes: for each kind of layer and size, how often it ran, how long, and how much
/// arithmetic it did.
///
///     let times = LayerProfile()
///     LayerProfile.$current.withValue(times) { _ = unet(x, timesteps: t) }
public final class LayerProfile: Sendable {
  /// What layers report to; nil, as usual, for nothing.
  @TaskLocal public static var current: LayerProfile?

  /// The sums for layers of one kind and size.
  public struct Entry: Sendable {
    /// For instance `convolution 3×3, 128 → 128, 32×32`.
    public let name: String
    /// How often it ran.
    public fileprivate(set) var calls = 0
    /// How long it took in all.
    public fileprivate(set) var time = Duration.zero
    /// Multiply-adds in all, as `countFlops` counts them: of the plain algorithm, whichever is used.
    public fileprivate(set) var multiplyAdds = 0
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// Whether a layer is being timed: what it calls belongs to it.
    var isInside = false
  }

  private let state = Mutex(State())

  /// Nothing yet.
  public init() {}

  /// The sums so far, the longest first.
  public var entries: [Entry] {
    state.withLock { $0.entries.values.sorted { ($1.time, $0.name) < ($0.time, $1.name) } }
  }

  /// Runs `layer`, reporting its time if somebody wants to know.
  static func measure<R>(_ name: () -> String, multiplyAdds: Int = 0, _ layer: () -> R) -> R {
    guard let current else { return layer() }
    let isOutermost = current.state.withLock { state in
      defer { state.isInside = true }
      return !state.isInside
    }
    guard isOutermost else { return layer() }
    let start = ContinuousClock.now
    let result = layer()
    let time = ContinuousClock.now - start
    let name = name()
    current.state.withLock { state in
      state.isInside = false
      state.entries[name, default: Entry(name: name)].calls += 1
      state.entries[name]?.time += time
      state.entries[name]?.multiplyAdds += multiplyAdds
    }
    return result
  }
}

/// `32×32`.
func sizeText(_ size: some Sequence<Int>) -> String { size.map(String.init).joined(separator: "×") }
