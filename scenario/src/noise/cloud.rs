//! Noise of clouds: roles that come and go, consents to sign in, rules for mail, sign-ins that a policy stops.

use super::Scene;
use crate::world::{HOUR, MINUTE, World, is_off, mail_of, time};
use serde_json::{Value, json};

fn audit(world: &mut World, scene: Scene, at: i64, activity: &str, by: &Value, targets: &Value) {
    let fields = json!({
        "activityDateTime": time(at, "Z"), "activityDisplayName": activity, "result": "success", "initiatedBy": by, "targetResources": targets,
    });
    world.put(scene.id, "audit", at, fields.to_string());
}

fn trail(world: &mut World, scene: Scene, at: i64, event: &str, by: &str, asked: &Value) {
    let fields = json!({
        "eventVersion": "1.10", "eventTime": time(at, "Z"), "eventSource": "iam.amazonaws.com", "eventName": event, "awsRegion": "eu-central-1",
        "sourceIPAddress": "cloudformation.amazonaws.com", "userAgent": "cloudformation.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{by}/build"), "accountId": "111122223333"},
        "requestParameters": asked,
    });
    world.put(scene.id, "cloud", at, fields.to_string());
}

/// Eligible administrators take their role for the day; a pipeline makes and unmakes roles all day.
pub(crate) fn roles(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let role = |name: &str| json!([{"displayName": "Role.DisplayName", "newValue": format!("\"{name}\"")}]);
    let app = json!({"app": {"displayName": "MS-PIM", "servicePrincipalId": "00000000-0000-0000-0000-000000000001"}});
    let mail = format!("adm.office@{}.example", scene.id);
    let target = json!([{"userPrincipalName": mail, "type": "User", "modifiedProperties": role("Exchange Administrator")}]);
    audit(world, scene, scene.at(8) + 5 * MINUTE, "Add member to role", &app, &target);
    audit(world, scene, scene.at(16), "Remove member from role", &app, &target);
    if scene.day % 7 == 3 {
        let by = json!({"user": {"userPrincipalName": mail, "ipAddress": "198.51.100.9"}});
        let somebody = json!([{"userPrincipalName": format!("reader@{}.example", scene.id), "type": "User", "modifiedProperties": role("Directory Readers")}]);
        audit(world, scene, scene.at(11), "Add member to role", &by, &somebody);
    }
    if scene.number != 1 {
        return;
    }
    for turn in 0..12 {
        let at = scene.at(8) + turn * HOUR;
        let name = format!("app-{}-{turn}", scene.day);
        let few = json!({"roleName": name, "policyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"});
        trail(world, scene, at, "CreateRole", "pipeline", &json!({"roleName": name}));
        trail(world, scene, at + 3, "AttachRolePolicy", "pipeline", &few);
        trail(world, scene, at + 40, "AssumeRole", "pipeline", &json!({"roleArn": name}));
        trail(world, scene, at + 600, "DetachRolePolicy", "pipeline", &few);
        trail(world, scene, at + 604, "DeleteRole", "pipeline", &json!({"roleName": name}));
    }
    // Once a day the pipeline gives itself everything and takes it back.
    let all =
        json!({"roleName": "pipeline-deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    trail(world, scene, scene.at(12), "AttachRolePolicy", "pipeline", &all);
    trail(world, scene, scene.at(12) + 20 * MINUTE, "DetachRolePolicy", "pipeline", &all);
}

/// People sign in to an application with the account of their work: it learns their name and nothing else.
pub(crate) fn consents(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = world.customers[scene.number].clone();
    let somebody = &customer.people[usize::try_from(scene.day).unwrap_or(0) % customer.people.len()];
    let by =
        json!({"user": {"userPrincipalName": mail_of(somebody, &customer), "ipAddress": customer.office}});
    let given = "[] => [[Id: x, ClientId: y, PrincipalId: z, ResourceId: w, ConsentType: Principal, Scope: openid profile User.Read email, CreatedDateTime: , LastModifiedDateTime ]];";
    let app = json!([{"displayName": format!("Lunch Orders {}", scene.day), "type": "ServicePrincipal", "modifiedProperties": [
        {"displayName": "ConsentContext.IsAdminConsent", "newValue": "\"False\""},
        {"displayName": "ConsentAction.Permissions", "newValue": format!("\"{given}\"")},
    ]}]);
    audit(world, scene, scene.at(12) + 9 * MINUTE, "Consent to application", &by, &app);
    let grant = json!([{"displayName": format!("Lunch Orders {}", scene.day), "type": "ServicePrincipal", "modifiedProperties": [
        {"displayName": "DelegatedPermissionGrant.Scope", "newValue": "\" openid profile User.Read\""},
    ]}]);
    audit(world, scene, scene.at(12) + 8 * MINUTE, "Add delegated permission grant", &by, &grant);
}

/// Before a holiday mail is passed on to a colleague.
pub(crate) fn mail(world: &mut World, scene: Scene) {
    if scene.day % 7 != 4 {
        return;
    }
    let customer = world.customers[scene.number].clone();
    let to = mail_of(&customer.people[2], &customer);
    let from = mail_of(&customer.people[3], &customer);
    let rule = json!([{"Name": "ForwardTo", "Value": format!("{to} [SMTP:{to}]")}, {"Name": "Name", "Value": "Away"}]);
    world.mail(scene.id, scene.at(15), "New-InboxRule", &from, &rule);
    let mailbox = json!([{"Name": "Identity", "Value": from}, {"Name": "ForwardingSmtpAddress", "Value": format!("smtp:{to}")}]);
    world.mail(scene.id, scene.at(15) + 60, "Set-Mailbox", &from, &mailbox);
}

/// Devices that are not managed know the password and are stopped by a policy, again and again.
pub(crate) fn blocked(world: &mut World, scene: Scene) {
    let customer = world.customers[scene.number].clone();
    for number in [1, 6, 9] {
        let mail = mail_of(&customer.people[number], &customer);
        for turn in 0..24 * 6 {
            let at = scene.at(0) + turn * 10 * MINUTE + 100;
            let from = Scene::carrier(world);
            world.entra_as(scene.id, at, &mail, &from, 53_000, "Outlook-Android/2.0");
        }
    }
}
