import CDiffusionZlib

/// CRC-32 as used by zip and PNG (ISO 3309), of bytes that arrive in pieces.
public struct CRC32: Sendable {
  private var state: UInt = 0

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of the bytes so far.
  public var value: UInt32 { UInt32(truncatingIfNeeded: state) }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // Without an address zlib starts again.
    guard let start = bytes.baseAddress else { return }
    state = crc32_z(state, start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }
}
