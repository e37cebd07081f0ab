package io.github.pgwatchrpc.server;

/** How the program ends, for the scripts that start it. */
final class ExitCode {

    static final int FINE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    /** Wrong configuration; the number is EX_CONFIG of BSD's sysexits. */
    static final int CONFIG = 78;

    private ExitCode() {}
}
