import DiffusionBytes

/// The bytes of a zip archive of entries stored as they are.
func zipArchive(_ entries: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
  let file = BytesInMemory()
  let zip = ZipWriter(file)
  for (name, bytes) in entries {
    try zip.begin(name, size: bytes.count)
    try zip.append(entry: bytes)
  }
  try zip.finish()
  return file.bytes
}

private final class BytesInMemory: GrowingFile {
  private(set) var bytes: [UInt8] = []

  func append(_ bytes: UnsafeRawBufferPointer) throws(NoFailure) { self.bytes += bytes }
  func append(_ bytes: [UInt8]) throws(NoFailure) { self.bytes += bytes }
  func overwrite(at offset: Int, _ bytes: [UInt8]) throws(NoFailure) {
    self.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}

private enum NoFailure: Error {}
