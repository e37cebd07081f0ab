package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.spool.SpoolStatus;
import io.github.pgwatchrpc.delivery.worker.Account;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What lies between acceptance and the sinks. */
@Command(name = "spool", description = "Looks into the spool of a receiver that does not run.")
final class SpoolCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    SpoolCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "spool: nothing to do (expected: status or forget)");
    }

    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            description = "Prints how large it is, and where the rows of each sink are.")
    int status(@Mixin SpoolFiles files) throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        files.open(delivery -> {
            SpoolStatus status = delivery.spool();
            out.println("spool          " + files.directory());
            out.println("log            " + Sizes.print(status.bytes()) + " in " + status.segments() + " files");
            out.println("ever accepted  " + status.rows() + " rows in " + status.records() + " records");
            if (status.damagedPieces() > 0) {
                out.println(
                        "damaged        " + status.damagedPieces() + " pieces, " + Sizes.print(status.damagedBytes()));
            }
            String form = "%12s %12s %12s %12s %12s %12s  %s%n";
            out.printf(form, "RECEIVED", "DELIVERED", "WAITING", "DEAD", "DROPPED", "LOST", "SINK");
            for (Map.Entry<String, Account> each : delivery.accounts().entrySet()) {
                Account rows = each.getValue();
                out.printf(
                        form,
                        rows.received(),
                        rows.delivered(),
                        rows.waiting(),
                        rows.dead(),
                        rows.dropped(),
                        rows.lost(),
                        each.getKey());
            }
        });
        out.flush();
        return ExitCode.FINE;
    }

    @Command(
            name = "forget",
            mixinStandardHelpOptions = true,
            description = "Drops what is kept for a sink that was removed: its backlog and its dead letters, FOR GOOD.")
    int forget(
            @Mixin SpoolFiles files,
            @Parameters(paramLabel = "SINK", description = "its name, as 'spool status' prints it") String sink)
            throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        files.open(delivery -> {
            Account account = delivery.accounts().get(sink);
            if (account == null) {
                throw DeadLettersCommand.unknown(sink, delivery.accounts().keySet());
            }
            delivery.forget(sink);
            out.println("forgotten: " + sink + ", " + account.waiting() + " waiting rows, " + account.dead()
                    + " dead letters");
        });
        out.flush();
        return ExitCode.FINE;
    }
}
