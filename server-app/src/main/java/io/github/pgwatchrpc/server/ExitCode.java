package io.github.pgwatchrpc.server;

/** How the program ends, for the scripts that start it. */
final class ExitCode {

    static final int FINE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    /** Memory was out. The number is that of the JVM's own {@code -XX:+ExitOnOutOfMemoryError}. */
    static final int OUT_OF_MEMORY = 3;

    /** Wrong configuration; the number is EX_CONFIG of BSD's sysexits. */
    static final int CONFIG = 78;

    private ExitCode() {}
}
