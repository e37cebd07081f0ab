package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.sink.azure.Columns.Column;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What rows need in Azure, as a template for the Azure Resource Manager: a table, a rule with a stream of the same columns,
 * and the role for whoever writes. The service drops columns that the rule does not declare without a word, so all three are
 * made of the same list.
 */
final class Definitions {

    /** Streams of custom tables are called so. */
    static final String STREAM_PREFIX = "Custom-";

    /** Custom tables end so. */
    static final String TABLE_SUFFIX = "_CL";

    private Definitions() {}

    /** The table behind a stream. */
    static String table(String stream) {
        String name = stream.substring(STREAM_PREFIX.length());
        return name.endsWith(TABLE_SUFFIX) ? name : name + TABLE_SUFFIX;
    }

    /** The template, formatted for people. The role is Monitoring Metrics Publisher. */
    static String template(AzureSettings settings) {
        List<Column> columns = settings.columns().all();
        return """
            {
              "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
              "contentVersion": "1.0.0.0",
              "parameters": {
                "workspace": {
                  "type": "string",
                  "metadata": {"description": "Log Analytics workspace, in the resource group that this is deployed to"}
                },
                "location": {
                  "type": "string",
                  "defaultValue": "[resourceGroup().location]",
                  "metadata": {"description": "region of the workspace"}
                },
                "rule": {
                  "type": "string",
                  "defaultValue": "pgwatch",
                  "metadata": {"description": "name of the data collection rule"}
                },
                "principal": {
                  "type": "string",
                  "defaultValue": "",
                  "metadata": {"description": "object id of the application or managed identity that writes; empty to grant nothing"}
                }
              },
              "variables": {
                "ruleId": "[resourceId('Microsoft.Insights/dataCollectionRules', parameters('rule'))]"
              },
              "resources": [
                {
                  "type": "Microsoft.OperationalInsights/workspaces/tables",
                  "apiVersion": "2022-10-01",
                  "name": "[concat(parameters('workspace'), '/${table}')]",
                  "properties": {
                    "schema": {
                      "name": "${table}",
                      "columns": [
            ${tableColumns}
                      ]
                    }
                  }
                },
                {
                  "type": "Microsoft.Insights/dataCollectionRules",
                  "apiVersion": "2023-03-11",
                  "name": "[parameters('rule')]",
                  "location": "[parameters('location')]",
                  "kind": "Direct",
                  "dependsOn": [
                    "[resourceId('Microsoft.OperationalInsights/workspaces/tables', parameters('workspace'), '${table}')]"
                  ],
                  "properties": {
                    "streamDeclarations": {
                      "${stream}": {
                        "columns": [
            ${streamColumns}
                        ]
                      }
                    },
                    "destinations": {
                      "logAnalytics": [
                        {
                          "name": "workspace",
                          "workspaceResourceId": "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspace'))]"
                        }
                      ]
                    },
                    "dataFlows": [
                      {
                        "streams": ["${stream}"],
                        "destinations": ["workspace"],
                        "transformKql": "source",
                        "outputStream": "Custom-${table}"
                      }
                    ]
                  }
                },
                {
                  "condition": "[not(empty(parameters('principal')))]",
                  "type": "Microsoft.Authorization/roleAssignments",
                  "apiVersion": "2022-04-01",
                  "name": "[guid(variables('ruleId'), parameters('principal'), 'publisher')]",
                  "scope": "[variables('ruleId')]",
                  "dependsOn": ["[variables('ruleId')]"],
                  "properties": {
                    "principalId": "[parameters('principal')]",
                    "principalType": "ServicePrincipal",
                    "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')]"
                  }
                }
              ],
              "outputs": {
                "sink": {
                  "type": "string",
                  "value": "[concat('azure://', replace(reference(variables('ruleId'), '2023-03-11').endpoints.logsIngestion, 'https://', ''), '/', reference(variables('ruleId'), '2023-03-11').immutableId, '/${stream}')]"
                }
              }
            }""".replace(
                        "${tableColumns}",
                        list(columns, "            ", each -> each.type().inTable()))
                .replace(
                        "${streamColumns}",
                        list(columns, "              ", each -> each.type().inStream()))
                .replace("${table}", table(settings.stream()))
                .replace("${stream}", settings.stream());
    }

    private static String list(List<Column> columns, String indent, Function<Column, String> type) {
        return columns.stream()
                .map(each -> indent + "{\"name\": \"" + each.name() + "\", \"type\": \"" + type.apply(each) + "\"}")
                .collect(Collectors.joining(",\n"));
    }
}
