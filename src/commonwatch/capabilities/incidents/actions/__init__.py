"""What people do in a case for this node's own member. Every act writes objects of that member; none changes another's."""
