"""The statistics behind the person index: weights trained with Splink, its charts, and what changed of who is who.

Nothing here is imported by a build. dbt links with the weights of seeds/linkage_weight.csv alone.
"""
