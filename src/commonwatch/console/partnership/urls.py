"""Addresses of the partnership."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.partnership import joining, keys, members, peers, proofs, purging, root, witnesses

urlpatterns = [
    path("members/", members.members, name="members"),
    path("members/new/", members.create, name="member-new"),
    path("members/one/<str:name>/", members.member, name="member"),
    path("members/one/<str:name>/correct/", members.correct, name="member-correct"),
    path("members/one/<str:name>/fact/", members.fact, name="member-fact"),
    path("members/one/<str:name>/expel/", members.expel, name="member-expel"),
    path("members/one/<str:name>/readmit/", members.readmit, name="member-readmit"),
    path("members/one/<str:name>/purge/", purging.purge, name="member-purge"),
    path("members/one/<str:name>/purge/begin/", purging.begin, name="member-purge-begin"),
    path("members/one/<str:name>/purge/end/", purging.end, name="member-purge-end"),
    path("members/one/<str:name>/purge/erase/", purging.erase, name="member-purge-erase"),
    path("peers/", peers.peers, name="peers"),
    path("peers/one/<str:name>/", peers.peer, name="peer"),
    path("peers/one/<str:name>/pause/", peers.pause, name="peer-pause"),
    path("peers/one/<str:name>/resume/", peers.resume, name="peer-resume"),
    path("peers/one/<str:name>/limit/", peers.limit, name="peer-limit"),
    path("joining/", joining.partnership, name="joining"),
    path("joining/invite/", joining.invite, name="node-invite"),
    path("joining/join/", joining.join, name="node-join"),
    path("joining/approve/", joining.approve, name="partnership-approve"),
    path("joining/renew/", joining.renew, name="partnership-renew"),
    path("joining/expel/", joining.expel, name="partnership-expel"),
    path("joining/root-key/", root.new_key, name="root-key"),
    path("joining/create/", root.create, name="partnership-create"),
    path("joining/root/", root.rotate_root, name="root-rotate"),
    path("joining/approvers/", root.choose_approvers, name="approvers-choose"),
    path("joining/recover/", root.recover, name="partnership-recover"),
    path("joining/recovery/", root.approve_recovery, name="recovery-approve"),
    path("keys/", keys.keys, name="keys-of-node"),
    path("keys/rotate/", keys.rotate, name="key-rotate"),
    path("witnesses/", witnesses.witnesses, name="witnesses"),
    path("witnesses/watch/", witnesses.watch, name="witness-watch"),
    path("witnesses/unwatch/", witnesses.unwatch, name="witness-unwatch"),
    path("witnesses/policy/", witnesses.policy, name="witness-policy"),
    path("witnesses/evidence/<int:number>/", witnesses.evidence, name="log-evidence"),
    path("proofs/", proofs.verify, name="proofs"),
    path("proofs/record/", proofs.leaves, name="leaves"),
    path("proofs/record/<int:number>/", proofs.leaf, name="leaf"),
    path("proofs/record/<int:number>/files/", proofs.leaf_files, name="leaf-files"),
    path("proofs/record/<int:number>/page/", proofs.leaf_page, name="leaf-page"),
    path("proofs/audit/", proofs.audit, name="proofs-audit"),
    path("proofs/extract/", proofs.extract, name="proofs-extract"),
]
