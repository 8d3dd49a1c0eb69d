import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.cryptomator.cryptofs.CryptoFileSystem;
import org.cryptomator.cryptofs.CryptoFileSystemProperties;
import org.cryptomator.cryptofs.CryptoFileSystemProvider;
import org.cryptomator.cryptofs.VaultConfig;
import org.cryptomator.cryptofs.health.api.DiagnosticResult;
import org.cryptomator.cryptofs.health.api.HealthCheck;
import org.cryptomator.cryptolib.api.Cryptor;
import org.cryptomator.cryptolib.api.CryptorProvider;
import org.cryptomator.cryptolib.api.Masterkey;
import org.cryptomator.cryptolib.api.MasterkeyLoader;
import org.cryptomator.cryptolib.common.MasterkeyFileAccess;

/**
 * The official Cryptomator library, driven by lines of JSON.
 *
 * <p>Reads one request a line from standard input and answers each with one
 * line on standard output: {"ok": ...}, or {"error": class, "message": text}
 * when the library throws. A request names its method in "do"; the methods
 * below document the rest. Paths inside the vault are absolute. One vault is
 * open at a time. Ends with its input.
 */
public final class Oracle {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY_FILE = "masterkey.cryptomator";
  private static final String CONFIG_FILE = "vault.cryptomator";
  /** The library enters a folder that lies in itself without an end. */
  private static final int MAX_DEPTH = 24;

  private final SecureRandom random = new SecureRandom();
  private final MasterkeyFileAccess keyFiles =
      new MasterkeyFileAccess(new byte[0], random);
  private CryptoFileSystem vault;

  public static void main(String[] arguments) throws IOException {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(
        new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Oracle oracle = new Oracle();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        answer.set("ok", oracle.answer(JSON.readTree(line)));
      } catch (Exception e) {
        answer.put("error", e.getClass().getSimpleName());
        answer.put("message", String.valueOf(e.getMessage()));
      }
      out.println(JSON.writeValueAsString(answer));
      out.flush();
    }
  }

  private JsonNode answer(JsonNode request) throws Exception {
    switch (request.get("do").asText()) {
      case "create" -> create(request);
      case "open" -> open(request);
      case "close" -> close();
      case "mkdir" -> Files.createDirectory(path(request, "path"));
      case "write" -> write(request);
      case "truncate" -> truncate(request);
      case "rename" -> rename(request);
      case "delete" -> Files.delete(path(request, "path"));
      case "symlink" -> symlink(request);
      case "list" -> {
        return list();
      }
      case "health" -> {
        return health(request);
      }
      default -> throw new IllegalArgumentException("unknown request");
    }
    return JSON.nullNode();
  }

  private Path path(JsonNode request, String field) {
    return vault.getPath(request.get(field).asText());
  }

  // Vaults: "vault" is a folder of the disk, "password" text.

  /**
   * Initialises an empty folder. "combo", "threshold"; "cost" is scrypt's N,
   * for which the library has no public way in.
   */
  private void create(JsonNode request) throws Exception {
    Path folder = Path.of(request.get("vault").asText());
    try (Masterkey key = Masterkey.generate(random);
        OutputStream out = Files.newOutputStream(
            folder.resolve(KEY_FILE), StandardOpenOption.CREATE_NEW)) {
      Method persist = MasterkeyFileAccess.class.getDeclaredMethod("persist",
          Masterkey.class, OutputStream.class, CharSequence.class, int.class,
          int.class);
      persist.setAccessible(true);
      persist.invoke(keyFiles, key, out, request.get("password").asText(), 999,
          request.get("cost").asInt());
    }
    CryptoFileSystemProperties properties =
        CryptoFileSystemProperties.cryptoFileSystemProperties()
            .withKeyLoader(loader(request))
            .withCipherCombo(CryptorProvider.Scheme.valueOf(
                request.get("combo").asText()))
            .withShorteningThreshold(request.get("threshold").asInt())
            .build();
    CryptoFileSystemProvider.initialize(
        folder, properties, URI.create("masterkeyfile:" + KEY_FILE));
  }

  private MasterkeyLoader loader(JsonNode request) {
    Path file = Path.of(request.get("vault").asText()).resolve(KEY_FILE);
    return ignored -> keyFiles.load(file, request.get("password").asText());
  }

  private void open(JsonNode request) throws IOException {
    CryptoFileSystemProperties properties =
        CryptoFileSystemProperties.cryptoFileSystemProperties()
            .withKeyLoader(loader(request))
            .build();
    vault = CryptoFileSystemProvider.newFileSystem(
        Path.of(request.get("vault").asText()), properties);
  }

  private void close() throws IOException {
    vault.close();
    vault = null;
  }

  // Changes.

  /** Writes "data" (base64) at "offset"; with "new", to a file not there. */
  private void write(JsonNode request) throws IOException {
    OpenOption[] options = request.path("new").asBoolean()
        ? new OpenOption[] {StandardOpenOption.WRITE,
            StandardOpenOption.CREATE_NEW}
        : new OpenOption[] {StandardOpenOption.WRITE};
    ByteBuffer data = ByteBuffer.wrap(request.get("data").binaryValue());
    try (FileChannel file = FileChannel.open(path(request, "path"), options)) {
      file.position(request.get("offset").asLong());
      while (data.hasRemaining()) {
        file.write(data);
      }
    }
  }

  /** To "size"; grows by writing a zero, as the official FUSE adapter does. */
  private void truncate(JsonNode request) throws IOException {
    long size = request.get("size").asLong();
    try (FileChannel file = FileChannel.open(
        path(request, "path"), StandardOpenOption.WRITE)) {
      if (size > file.size()) {
        file.write(ByteBuffer.allocate(1), size - 1);
      } else {
        file.truncate(size);
      }
    }
  }

  /** "path" to "to", which may be there already with "replace". */
  private void rename(JsonNode request) throws IOException {
    CopyOption[] options = request.path("replace").asBoolean()
        ? new CopyOption[] {StandardCopyOption.REPLACE_EXISTING}
        : new CopyOption[0];
    Files.move(path(request, "path"), path(request, "to"), options);
  }

  private void symlink(JsonNode request) throws IOException {
    Files.createSymbolicLink(path(request, "path"), path(request, "target"));
  }

  // Looking.

  /**
   * Everything in the open vault, folders before what is in them: "path",
   * "type"; of files "size" (of the attributes) and "sha256" (of the bytes
   * read); of symbolic links "target". What the library cannot describe has the
   * type "error", and the exception's class as "error".
   */
  private ArrayNode list() throws Exception {
    ArrayNode nodes = JSON.createArrayNode();
    listFolder(vault.getPath("/"), nodes);
    return nodes;
  }

  private void listFolder(Path folder, ArrayNode nodes) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(entries::add);
    }
    for (Path entry : entries) {
      ObjectNode node = nodes.addObject().put("path", entry.toString());
      try {
        describe(entry, node);
        if (node.get("type").asText().equals("dir")
            && entry.getNameCount() < MAX_DEPTH) {
          listFolder(entry, nodes);
        }
      } catch (Exception e) {
        node.put("type", "error").put("error", e.getClass().getSimpleName());
      }
    }
  }

  private static void describe(Path entry, ObjectNode node) throws Exception {
    BasicFileAttributes attributes = Files.readAttributes(
        entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (attributes.isDirectory()) {
      node.put("type", "dir");
    } else if (attributes.isSymbolicLink()) {
      String target = Files.readSymbolicLink(entry).toString();
      node.put("type", "link").put("target", target);
    } else {
      String sha256 = hash(entry);
      node.put("type", "file").put("size", attributes.size());
      node.put("sha256", sha256);
    }
  }

  private static String hash(Path file)
      throws IOException, GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * What the library's own health checks find in a "vault" that is not open:
   * "severity", "class", "text" of every result that is not GOOD. With "fix",
   * applies the fix of each ("fixed" tells whether there was one).
   */
  private ArrayNode health(JsonNode request) throws Exception {
    Path folder = Path.of(request.get("vault").asText());
    ArrayNode findings = JSON.createArrayNode();
    MasterkeyLoader loader = loader(request);
    VaultConfig config = VaultConfig.load(
        Files.readString(folder.resolve(CONFIG_FILE)), loader, 8);
    try (Masterkey key = loader.loadKey(URI.create("masterkeyfile:" + KEY_FILE));
        Cryptor cryptor = CryptorProvider.forScheme(config.getCipherCombo())
            .provide(key.copy(), random)) {
      List<DiagnosticResult> results = new ArrayList<>();
      for (HealthCheck check : HealthCheck.allChecks()) {
        check.check(folder, config, key, cryptor, results::add);
      }
      for (DiagnosticResult result : results) {
        if (result.getSeverity() == DiagnosticResult.Severity.GOOD) {
          continue;
        }
        ObjectNode finding = findings.addObject();
        finding.put("severity", result.getSeverity().name());
        finding.put("class", result.getClass().getSimpleName());
        finding.put("text", result.toString());
        if (request.path("fix").asBoolean()) {
          finding.put("fixed", fix(result, folder, config, key, cryptor));
        }
      }
    }
    return findings;
  }

  private static boolean fix(DiagnosticResult result, Path folder,
      VaultConfig config, Masterkey key, Cryptor cryptor) throws IOException {
    var fix = result.getFix(folder, config, key, cryptor);
    if (fix.isPresent()) {
      fix.get().apply();
    }
    return fix.isPresent();
  }
}
