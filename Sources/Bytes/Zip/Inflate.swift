import CDiffusionZlib
import DiffusionPlatform

/// What can be wrong with a deflate stream of known unpacked size and checksum.
public enum InflateFault: Error, Equatable, CustomStringConvertible {
  /// The size exceeds the limit, or what a stream of this length can hold.
  case tooLarge(size: Int, limit: Int)
  /// The stream holds more bytes than it should.
  case tooLong(size: Int)
  /// The stream holds fewer bytes than it should.
  case tooShort(size: Int, found: Int)
  /// It is not a deflate stream, is truncated, or has trailing bytes.
  case damaged
  /// The checksum differs.
  case checksum

  /// What is wrong.
  public var description: String {
    switch self {
    case .tooLarge(let size, let limit): "should unpack to \(size) bytes, but can hold at most \(limit)"
    case .tooLong(let size): "unpacks to more than the \(size) bytes that it should have"
    case .tooShort(let size, let found): "unpacks to \(found) bytes, but should have \(size)"
    case .damaged: "is damaged; save or copy the file again"
    case .checksum: "is damaged (its checksum differs); save or copy the file again"
    }
  }
}

/// Unpacks a raw deflate stream (RFC 1951) that takes up all of `bytes` and must hold exactly `size` bytes with the
/// CRC-32 `checksum`. Memory grows with the actual output, not with the claimed size.
///
/// - Parameters:
///   - bytes: the stream.
///   - size: the unpacked size in bytes.
///   - checksum: the CRC-32 of the unpacked bytes.
///   - limit: the largest size to unpack.
public func inflated(
  _ bytes: ArraySlice<UInt8>, size: Int, checksum: UInt32, limit: Int
) throws(InflateFault) -> [UInt8] {
  // A deflate stream's best compression is 258 bytes from 2 bits, or 1032 bytes from a byte.
  let (most, overflow) = bytes.count.multipliedReportingOverflow(by: 1032)
  let allowed = overflow ? limit : min(limit, most)
  guard size <= allowed else { throw .tooLarge(size: size, limit: allowed) }
  // `withUnsafeBufferPointer` does not support typed throws.
  let result = bytes.withUnsafeBufferPointer { packed in
    Result { () throws(InflateFault) in try unpack(packed, size: size) }
  }
  let unpacked = try result.get()
  guard unpacked.checksum == checksum else { throw .checksum }
  return unpacked.bytes
}

private func unpack(
  _ packed: UnsafeBufferPointer<UInt8>, size: Int
) throws(InflateFault) -> (bytes: [UInt8], checksum: UInt32) {
  var stream = z_stream()
  // The same as zlib's defaults, but through this program's `calloc`, so that running out of memory is noticed and does
  // not look like damage.
  stream.zalloc = { _, count, size in calloc(Int(count), Int(size)) }
  stream.zfree = { _, memory in free(memory) }
  // Negative window bits: a raw stream without a zlib header, as in a zip.
  guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw .damaged
  }
  defer { inflateEnd(&stream) }
  var unpacked: [UInt8] = []
  // Saves reallocations if the size is right; a false size costs only address space.
  unpacked.reserveCapacity(min(size, 1 << 28))
  var checksum: UInt = 0
  var taken = 0
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    // zlib counts in 32 bits.
    let given = min(packed.count - taken, 1 << 30)
    stream.next_in = UnsafeMutablePointer(mutating: packed.baseAddress.map { $0 + taken })
    stream.avail_in = UInt32(given)
    let (status, made) = piece.withUnsafeMutableBufferPointer { piece in
      stream.next_out = piece.baseAddress
      stream.avail_out = UInt32(piece.count)
      let status = inflate(&stream, Z_NO_FLUSH)
      let made = piece.count - Int(stream.avail_out)
      checksum = crc32(checksum, piece.baseAddress, UInt32(made))
      return (status, made)
    }
    taken += given - Int(stream.avail_in)
    guard made <= size - unpacked.count else { throw .tooLong(size: size) }
    unpacked += piece[..<made]
    if status == Z_STREAM_END { break }
    // Among other errors Z_BUF_ERROR, for a truncated stream.
    guard status == Z_OK else { throw .damaged }
  }
  guard unpacked.count == size else { throw .tooShort(size: size, found: unpacked.count) }
  guard taken == packed.count else { throw .damaged }
  return (unpacked, UInt32(checksum))
}
