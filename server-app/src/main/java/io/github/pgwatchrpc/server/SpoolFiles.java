package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.SpoolInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The spool of a receiver that does not run, for commands that look into it. */
final class SpoolFiles {

    /** What a command does with the spool. */
    @FunctionalInterface
    interface Task {
        void run(Delivery delivery) throws IOException, ConfigException;
    }

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "./pgwatch-rpc-data",
            description = "the receiver's own files (default: ${DEFAULT-VALUE}); it must not run")
    private Path dataDir = Path.of("./pgwatch-rpc-data");

    Path directory() {
        return dataDir.toAbsolutePath().normalize().resolve(Server.SPOOL);
    }

    /** Opens the spool without any sink: nothing is delivered. */
    void open(Task task) throws ConfigException {
        Path directory = directory();
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    directory + ": there is no spool", "the receiver makes it when it starts; see --data-dir");
        }
        try (Delivery delivery = Delivery.open(DeliveryConfig.builder(directory).build(), java.util.List.of())) {
            task.run(delivery);
        } catch (SpoolInUseException e) {
            throw new ConfigException(
                    String.valueOf(e.getMessage()),
                    "stop the receiver first; while it runs, its web address shows the same at /api/status",
                    e);
        } catch (IOException e) {
            throw new ConfigException(directory + ": " + e, "can this user read and write it?", e);
        }
    }
}
