package io.github.pgwatchrpc.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * Keeps logback from looking for configuration files, which takes longer than everything else at start-up; {@link Logs}
 * does the rest once the options are known. Found by logback's service loader.
 */
public final class QuietLogback extends ContextAwareBase implements Configurator {

    /** For the service loader. */
    public QuietLogback() {}

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
