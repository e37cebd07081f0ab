package io.github.pgwatchrpc.rpc.tls;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What every error of this package has to be like. */
final class Errors {
    private Errors() {}

    /** The work is refused in one line that contains all of these, with a hint. */
    static TlsException refused(Executable work, String... parts) {
        TlsException e = assertThrows(TlsException.class, work);
        String message = String.valueOf(e.getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "'" + message + "' lacks '" + part + "'");
        }
        assertFalse(message.contains("\n"), message);
        assertFalse(e.hint().isBlank(), message);
        return e;
    }
}
