package io.github.pgwatchrpc.sink.splunk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The token, given as such or in a file that may change. Thread-safe. */
final class Token {

    /** A token is a UUID, 36 characters; a file that is much longer is another one. */
    private static final long MAX_FILE_BYTES = 4_096;

    private final @Nullable Path file;
    private volatile String value;

    private Token(@Nullable Path file, String value) {
        this.file = file;
        this.value = value;
    }

    static Token of(String value) throws IOException {
        return new Token(null, checked("option token", value));
    }

    static Token of(Path file) throws IOException {
        return new Token(file, fileContent(file));
    }

    /** What was read last. */
    String value() {
        return value;
    }

    /** Reads the file again, if there is one. */
    String read() throws IOException {
        if (file != null) {
            value = fileContent(file);
        }
        return value;
    }

    private static String fileContent(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
            throw new IOException(file + ": " + size + " bytes (expected: a token, <= " + MAX_FILE_BYTES + ")");
        }
        return checked(file.toString(), Files.readString(file).strip());
    }

    /** Nothing of the token stands in the message. */
    private static String checked(String where, String token) throws IOException {
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
            throw new IOException(where + ": not a token (expected: printable ASCII without spaces)");
        }
        return token;
    }

    /** Without the token. */
    @Override
    public String toString() {
        return file == null ? "Token" : "Token[" + file + "]";
    }
}
