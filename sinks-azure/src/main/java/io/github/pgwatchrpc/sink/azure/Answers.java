package io.github.pgwatchrpc.sink.azure;

import com.azure.json.JsonProviders;
import com.azure.json.JsonReader;
import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * What an answer of the Logs Ingestion API means for the rows of its request. The statuses are those of <a
 * href="https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview">its page</a>; the texts those that
 * its users report.
 */
final class Answers {

    /** So much of what the service says is told. */
    private static final int MAX_SAID = 600;

    /**
     * So far may a clock be off before tokens are refused, as <a
     * href="https://learn.microsoft.com/dotnet/api/microsoft.identitymodel.tokens.tokenvalidationparameters.clockskew">Microsoft's
     * own validation</a> has it.
     */
    private static final Duration MAX_SKEW = Duration.ofMinutes(5);

    private static final Set<Integer> COME_AGAIN = Set.of(408, 425, 429);
    private static final Set<Integer> OF_THE_ROWS = Set.of(400, 413, 422);

    private Answers() {}

    /**
     * Judges an answer.
     *
     * @param settings what was asked for
     * @param status 200 and up
     * @param body what was said, in any form
     * @param after what {@code Retry-After} says
     * @param ahead how far this machine's clock is ahead of the service's, negative if behind; zero if not known
     */
    static Outcome of(AzureSettings settings, int status, String body, Duration after, Duration ahead) {
        if (status >= 200 && status < 300) {
            return Outcome.written();
        }
        String said = said(body);
        String why = "answer of " + settings.endpoint() + ": " + status + (said.isEmpty() ? "" : " " + said);
        if (COME_AGAIN.contains(status) || status >= 500) {
            return new Outcome.Retry(after, why);
        } else if (status == 401 && ahead.abs().compareTo(MAX_SKEW) > 0) {
            return new Outcome.Paused(
                    why + "; the clock of this machine is " + ahead.abs().toSeconds() + " s "
                            + (ahead.isNegative() ? "behind" : "ahead of") + " the service's (expected: <= "
                            + MAX_SKEW.toSeconds() + ")",
                    "set the clock of this machine");
        } else if (status == 401) {
            return new Outcome.Paused(
                    why,
                    "check the credentials, the clock of this machine, and that cloud and audience are those of the endpoint");
        } else if (status == 403) {
            return new Outcome.Paused(why, mendForbidden(settings, said));
        } else if (status == 404) {
            return new Outcome.Paused(
                    why,
                    "check that rule " + settings.rule()
                            + " exists (immutable id, not name), and that the endpoint is its own or in its region");
        } else if (status == 400 && said.contains("InvalidStream")) {
            return new Outcome.Paused(
                    why,
                    "declare stream " + settings.stream() + " in rule " + settings.rule()
                            + ": 'pgwatch-rpc provision --dry-run' prints how");
        } else if (OF_THE_ROWS.contains(status)) {
            return new Outcome.Refused(why);
        }
        return new Outcome.Paused(why, "check that the endpoint is a logs ingestion endpoint");
    }

    /** The service says the same status for three things that different people mend. */
    private static String mendForbidden(AzureSettings settings, String said) {
        if (said.contains("IsDcrDceBindingValid: False")) {
            return "rule " + settings.rule()
                    + " belongs to another data collection endpoint: give that one, or the rule's own logsIngestion endpoint";
        }
        return "grant this identity the role Monitoring Metrics Publisher on the data collection rule "
                + settings.rule()
                + " (Owner is not enough); it takes up to 30 minutes until a role is known. "
                + "If it is granted, check that the immutable id is that rule's";
    }

    /** Code and text of an error, in one line. */
    private static String said(String body) {
        String said = body;
        try (JsonReader reader = JsonProviders.createReader(body)) {
            if (reader.readUntyped() instanceof Map<?, ?> all && all.get("error") instanceof Map<?, ?> error) {
                said = error.get("code") + ": " + error.get("message");
            }
        } catch (IOException | RuntimeException e) {
            // of a proxy, or cut off: as it is
        }
        return line(said);
    }

    /** Text of somebody else's as one line of bounded length. */
    static String line(String text) {
        String line = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return line.length() <= MAX_SAID ? line : line.substring(0, MAX_SAID) + "...";
    }
}
