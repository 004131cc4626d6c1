import DiffusionPlatform

/// `path` from the root, so that it means the same file in any working directory. Links are not followed.
public func absolutePath(_ path: String) -> String {
  guard !path.isEmpty, !path.hasPrefix("/"), let pointer = getcwd(nil, 0) else { return path }
  defer { free(pointer) }
  let folder = String(cString: pointer)
  return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
}
