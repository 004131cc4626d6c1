import CDiffusionZlib
import DiffusionPlatform

/// What can be wrong with a deflate stream whose contents are known in size and checksum.
public enum InflateFault: Error, Equatable, CustomStringConvertible {
  /// More bytes than are allowed, or than a stream of its length can hold.
  case tooLarge(size: Int, limit: Int)
  /// It holds more bytes than it should.
  case tooLong(size: Int)
  /// It ends after fewer bytes than it should hold.
  case tooShort(size: Int, found: Int)
  /// It is no deflate stream, is cut short, or has something behind it.
  case damaged
  /// Its bytes are others than those that were packed.
  case checksum

  /// What is wrong.
  public var description: String {
    switch self {
    case .tooLarge(let size, let limit): "should unpack to \(size) bytes, but not more than \(limit) can be in it"
    case .tooLong(let size): "unpacks to more than the \(size) bytes that it should have"
    case .tooShort(let size, let found): "unpacks to \(found) bytes, but should have \(size)"
    case .damaged: "is damaged; save or copy the file again"
    case .checksum: "is damaged (its checksum differs); save or copy the file again"
    }
  }
}

/// Unpacks a raw deflate stream (RFC 1951), all of `bytes`, which must hold exactly `size` bytes with the CRC-32 `checksum`. Memory grows
/// with what comes out of the stream, not with what is said of it.
///
/// - Parameters:
///   - bytes: the stream.
///   - size: the bytes that it unpacks to.
///   - checksum: their CRC-32.
///   - limit: the greatest size that is unpacked.
public func inflated(
  _ bytes: ArraySlice<UInt8>, size: Int, checksum: UInt32, limit: Int
) throws(InflateFault) -> [UInt8] {
  // A deflate stream's shortest code for its longest run makes 258 bytes of 2 bits: 1032 bytes of each.
  let (most, overflow) = bytes.count.multipliedReportingOverflow(by: 1032)
  let allowed = overflow ? limit : min(limit, most)
  guard size <= allowed else { throw .tooLarge(size: size, limit: allowed) }
  // Closures over an array's bytes throw no errors of one type.
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
  // As zlib does it, but so that a program notices want of memory, which else looks like damage.
  stream.zalloc = { _, count, size in calloc(Int(count), Int(size)) }
  stream.zfree = { _, memory in free(memory) }
  // Negative window bits: no zlib header around the stream, as in a zip.
  guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw .damaged
  }
  defer { inflateEnd(&stream) }
  var unpacked: [UInt8] = []
  // What is honest is spared the growing; a lie costs address space only.
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
    // Z_BUF_ERROR, where the stream is cut short, among others.
    guard status == Z_OK else { throw .damaged }
  }
  guard unpacked.count == size else { throw .tooShort(size: size, found: unpacked.count) }
  guard taken == packed.count else { throw .damaged }
  return (unpacked, UInt32(checksum))
}
