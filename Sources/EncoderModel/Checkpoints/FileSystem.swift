#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether anything stands at `path`, links followed.
func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Where `path` leads, links resolved; `nil` where nothing is there.
func resolvedPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// The folder that `path` stands in.
func parentFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last component of `path`, slashes at its end left out.
func lastComponent(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// The value of an environment variable; `nil` where it is unset or empty.
func environment(_ name: String) -> String? {
  guard let value = getenv(name) else { return nil }
  let text = String(cString: value)
  return text.isEmpty ? nil : text
}

/// The running program's file, links resolved.
func executablePath() -> String? {
  #if os(Linux)
    return resolvedPath("/proc/self/exe")
  #else
    return CommandLine.arguments.first.flatMap(resolvedPath)
  #endif
}
