package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkServiceException;

/**
 * Reads what the SDK throws. Codes are those of <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html">the common errors</a> and of
 * the operations' own pages.
 */
final class Failures {

    private static final Set<String> THROTTLED = Set.of(
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "RequestThrottled",
            "RequestThrottledException",
            "LimitExceededException",
            "LimitExceeded",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "SlowDown",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "OperationAbortedException",
            "RequestTimeout",
            "RequestTimeoutException",
            "InternalFailure",
            "InternalServiceFault",
            "InternalServiceError");
    private static final Set<String> CLOCK =
            Set.of("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture", "RequestExpiredException");
    private static final Set<String> SIGNATURE = Set.of(
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "IncompleteSignatureException");
    private static final Set<String> CREDENTIALS = Set.of(
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "OptInRequired",
            "UnauthorizedOperation",
            "UnrecognizedClientException");

    private static final int MAX_SAID = 500;

    private final Clock clock;

    Failures(Clock clock) {
        this.clock = clock;
    }

    /** What a failure means for the rows of a call. */
    Outcome of(String what, Throwable e) {
        if (e instanceof SdkServiceException service) {
            return ofService(what, service);
        } else if (e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException) {
            return Outcome.retry(what + ": no answer in time");
        }
        String said = said(e);
        if (isNetwork(e)) {
            return Outcome.retry(what + ": no connection, or broken off" + said);
        } else if (e instanceof SdkClientException
                && said.toLowerCase(Locale.ROOT).contains("marshall")) {
            return Outcome.retry(what + ": an answer that is none of AWS's" + said);
        } else if (e instanceof SdkClientException || e instanceof IllegalArgumentException || isFile(e)) {
            // the chain of credentials, a profile that is not there, a file that is none, a token's file that is gone
            return new Outcome.Paused(
                    what + ": no credentials, or none that can be used" + said,
                    "give this machine a role, or name profile, role-arn or credentials-file");
        }
        return Outcome.retry(what + ": " + e);
    }

    private Outcome ofService(String what, SdkServiceException e) {
        AwsErrorDetails details = e instanceof AwsServiceException aws ? aws.awsErrorDetails() : null;
        String code = details == null || details.errorCode() == null ? "" : details.errorCode();
        String said = details == null || details.errorMessage() == null ? "" : line(details.errorMessage());
        int status = e.statusCode();
        String why = what + ": " + status + (code.isEmpty() ? "" : " " + code) + (said.isEmpty() ? "" : ": " + said);
        if (isAboutTheClock(e)) {
            return new Outcome.Paused(
                    why + skew(details) + " (clock skew)",
                    "set this machine's clock: AWS takes calls within 5 minutes of its own");
        } else if (THROTTLED.contains(code) || e.isThrottlingException() || status == 429 || status == 408) {
            return new Outcome.Retry(after(details), why);
        } else if (code.startsWith("ResourceNotFound")) {
            return new Outcome.Paused(why, "run 'pgwatch-rpc provision', or check region, group and stream");
        } else if (CREDENTIALS.contains(code) || SIGNATURE.contains(code) || status == 401 || status == 403) {
            return new Outcome.Paused(
                    why,
                    "check the credentials, and whether their policy allows this call: docs/sinks/cloudwatch.md has one");
        } else if (status >= 500 || status < 100) {
            // below 100: what came was no HTTP
            return new Outcome.Retry(after(details), why);
        } else if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
            return new Outcome.Paused(why, "check the endpoint: this is none of CloudWatch");
        }
        return new Outcome.Refused(why);
    }

    /** Whether AWS refused a call since the clocks differ. */
    boolean isAboutTheClock(Throwable e) {
        AwsErrorDetails details = e instanceof AwsServiceException aws ? aws.awsErrorDetails() : null;
        if (details == null || details.errorCode() == null) {
            return false;
        }
        String said = String.valueOf(details.errorMessage()).toLowerCase(Locale.ROOT);
        return CLOCK.contains(details.errorCode())
                || (SIGNATURE.contains(details.errorCode())
                        && (said.contains("expired") || said.contains("not yet current")));
    }

    /** How far the clocks are apart, as the answer's date tells. */
    private String skew(@Nullable AwsErrorDetails details) {
        String date = header(details, "Date");
        if (date == null) {
            return "";
        }
        try {
            Duration skew = Duration.between(
                    clock.instant(),
                    ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
            return "; its clock is " + skew.abs().toSeconds() + " s " + (skew.isNegative() ? "behind" : "ahead of")
                    + " this one";
        } catch (DateTimeException e) {
            return "";
        }
    }

    /** AWS does not say when to come again, proxies and gateways before it do. */
    private static Duration after(@Nullable AwsErrorDetails details) {
        String text = header(details, "Retry-After");
        return text != null && text.matches("[0-9]{1,6}") ? Duration.ofSeconds(Long.parseLong(text)) : Duration.ZERO;
    }

    private static @Nullable String header(@Nullable AwsErrorDetails details, String name) {
        return details == null || details.sdkHttpResponse() == null
                ? null
                : details.sdkHttpResponse().firstMatchingHeader(name).orElse(null);
    }

    private static boolean isNetwork(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof IOException && !(each instanceof FileSystemException)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isFile(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof FileSystemException) {
                return true;
            }
        }
        return false;
    }

    private static String said(Throwable e) {
        String message = e.getMessage();
        return message == null ? "" : ": " + line(message);
    }

    private static String line(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= MAX_SAID ? line : line.substring(0, MAX_SAID) + "...";
    }
}
