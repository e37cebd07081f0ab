package io.github.pgwatchrpc.sink.azure;

/**
 * Azure's clouds: who gives tokens there, and what they are for. From the pages on <a
 * href="https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud">national clouds</a> and on the <a
 * href="https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview">Logs Ingestion API</a>.
 */
enum Cloud {
    PUBLIC("https://login.microsoftonline.com", "https://monitor.azure.com"),
    US_GOVERNMENT("https://login.microsoftonline.us", "https://monitor.azure.us"),
    CHINA("https://login.partner.microsoftonline.cn", "https://monitor.azure.cn");

    private final String authority;
    private final String audience;

    Cloud(String authority, String audience) {
        this.authority = authority;
        this.audience = audience;
    }

    String authority() {
        return authority;
    }

    String audience() {
        return audience;
    }
}
