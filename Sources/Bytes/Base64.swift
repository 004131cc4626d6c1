#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `bytes` in base64 (RFC 4648, §4), without line breaks.
public func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
