// The guide's story by the AWS SDK for JavaScript, version 3. Prints what it saw as one JSON object.
import {
  IAMClient, CreateRoleCommand, CreateUserCommand, ListRolesCommand, ListUsersCommand, PutRolePolicyCommand,
  GetRoleCommand, paginateListUsers,
} from "@aws-sdk/client-iam";
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const once = { maxAttempts: 1 };
const iam = new IAMClient(once);
const me = await new STSClient(once).send(new GetCallerIdentityCommand({}));

const statement = (words) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...words } });
const { Role: role } = await iam.send(new CreateRoleCommand({
  RoleName: "reader",
  AssumeRolePolicyDocument: statement({ Principal: { AWS: me.Account }, Action: "sts:AssumeRole" }),
  Tags: [{ Key: "team", Value: "größe" }],
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: "reader", PolicyName: "read", PolicyDocument: statement({ Action: "iam:ListRoles", Resource: "*" }),
}));
for (const name of ["a", "b", "c"]) await iam.send(new CreateUserCommand({ UserName: name, Path: "/many/" }));

const paged = [];
for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, { PathPrefix: "/many/" })) {
  paged.push(page.Users.map((user) => user.UserName));
}

const assumed = {
  ...once,
  credentials: fromTemporaryCredentials({ params: { RoleArn: role.Arn, RoleSessionName: "from-javascript" } }),
};
const session = await new STSClient(assumed).send(new GetCallerIdentityCommand({}));
const roles = await new IAMClient(assumed).send(new ListRolesCommand({}));
const shown = await iam.send(new GetRoleCommand({ RoleName: "reader" }));

const refusal = async (call) => {
  try { await call(); return null; } catch (error) {
    return { name: error.name, status: error.$metadata?.httpStatusCode, message: error.message };
  }
};

console.log(JSON.stringify({
  me: me.Arn,
  session: session.Arn,
  roles: roles.Roles.map((each) => each.RoleName),
  paged,
  tag: shown.Role.Tags[0].Value,
  createdIsDate: shown.Role.CreateDate instanceof Date,
  denied: await refusal(() => new IAMClient(assumed).send(new ListUsersCommand({}))),
  absent: await refusal(() => iam.send(new GetRoleCommand({ RoleName: "nobody" }))),
  wrongSecret: await refusal(() => new STSClient({
    ...once, credentials: { accessKeyId: "test", secretAccessKey: "wrong" },
  }).send(new GetCallerIdentityCommand({}))),
}));
