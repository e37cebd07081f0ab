package io.github.pgwatchrpc.sink.cloudwatch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file with credentials that nobody has. */
final class Credentials {

    static final String SECRET = "s3cr3t-of-the-file";

    private Credentials() {}

    static Path file() {
        try {
            Path file = Files.createTempFile("credentials", "");
            file.toFile().deleteOnExit();
            return Files.writeString(
                    file, "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = " + SECRET + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
