package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyDirectoryTest {
    @TempDir
    Path parent;

    private Path path;
    private KeyDirectory directory;

    @BeforeEach
    void setUp() {
        path = parent.resolve("data").resolve("tls");
        directory = new KeyDirectory(path);
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private String work() {
        return "done";
    }

    @Test
    void isMadeForItsOwnerOnly() throws IOException {
        directory.check();
        assertFalse(Files.exists(path));
        assertEquals("done", directory.exclusively(this::work));
        assertEquals("rwx------", mode(path));
        assertEquals("rwx------", mode(parent.resolve("data")));
    }

    @Test
    void filesHaveTheModeOfTheirRuleWhateverWasThere() throws IOException {
        directory.exclusively(this::work);
        Files.writeString(path.resolve("key"), "old");
        Files.setPosixFilePermissions(path.resolve("key"), PosixFilePermissions.fromString("rw-rw-rw-"));
        // a left-over of a crash, or somebody's trap
        Files.writeString(parent.resolve("elsewhere"), "untouched");
        Files.createSymbolicLink(path.resolve("key.tmp"), parent.resolve("elsewhere"));

        directory.write("key", FileRule.OWN_KEY, new byte[] {1});
        directory.write("crt", FileRule.OWN_CERTIFICATE, new byte[] {2});

        assertEquals("rw-------", mode(path.resolve("key")));
        assertEquals("rw-r--r--", mode(path.resolve("crt")));
        assertArrayEquals(new byte[] {1}, directory.read("key", FileRule.OWN_KEY));
        assertEquals("untouched", Files.readString(parent.resolve("elsewhere")));
        assertFalse(directory.has("key.tmp"));
    }

    @Test
    void replacesALinkAndNotWhatItLeadsTo() throws IOException {
        directory.exclusively(this::work);
        Files.writeString(parent.resolve("elsewhere"), "untouched");
        Files.createSymbolicLink(path.resolve("key"), parent.resolve("elsewhere"));
        directory.write("key", FileRule.OWN_KEY, new byte[] {1});
        assertEquals("untouched", Files.readString(parent.resolve("elsewhere")));
        assertArrayEquals(new byte[] {1}, directory.read("key", FileRule.OWN_KEY));
    }

    @Test
    void aReaderSeesTheOldFileOrTheNewOne() throws Exception {
        directory.exclusively(this::work);
        byte[] content = new byte[10_000];
        directory.write("key", FileRule.OWN_KEY, content);
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Integer> reader = CompletableFuture.supplyAsync(() -> {
            int reads = 0;
            do {
                try {
                    assertEquals(content.length, directory.read("key", FileRule.OWN_KEY).length);
                } catch (TlsException e) {
                    throw new AssertionError(e);
                }
                reads++;
            } while (!stop.get());
            return reads;
        });
        for (int i = 0; i < 100; i++) {
            directory.write("key", FileRule.OWN_KEY, content);
        }
        stop.set(true);
        assertTrue(reader.get() > 0);
    }

    @Test
    void refusesADirectoryThatOthersCanWrite() throws IOException {
        directory.exclusively(this::work);
        for (String bad : new String[] {"rwxrwx---", "rwx----w-"}) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(bad));
            TlsException e = refused(directory::check, path.toString(), "mode " + bad + " (expected: rwx------)");
            assertTrue(e.hint().startsWith("chmod 700 " + path), e.hint());
            refused(() -> directory.exclusively(this::work), "mode " + bad);
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        directory.check();
    }

    @Test
    void refusesWhatIsNoDirectory() throws IOException {
        Files.createDirectory(parent.resolve("data"));
        Files.writeString(path, "a file");
        refused(directory::check, "not a directory");
        refused(() -> directory.exclusively(this::work), "tls: the directory cannot be made");
    }

    @Test
    void saysThatNothingCanBeWritten() throws IOException {
        directory.exclusively(this::work);
        Files.createDirectories(path.resolve("key").resolve("in the way"));
        refused(() -> directory.write("key", FileRule.OWN_KEY, new byte[1]), "key: cannot be written");
    }

    @Test
    void oneWriterAtATime() throws IOException {
        directory.exclusively(this::work);
        try (FileChannel channel = FileChannel.open(path.resolve(".lock"), StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            assertTrue(held.isValid());
            refused(() -> directory.exclusively(this::work), "in use by another server of this process");
        }
        assertEquals("done", directory.exclusively(this::work));
    }
}
